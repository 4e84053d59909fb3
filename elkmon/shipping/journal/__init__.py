"""
Events on disk until they have arrived, so that neither a crash nor `kill -9` loses what a call has returned for.

A directory holds the journals of any number of processes. Of each there are

    <process>.lock           locked for as long as its owner lives, be it the process or its heir
    <process>-000001.ndjson  segments: the very lines that are sent, appended on the caller's thread
    <process>.checkpoint     up to where they have arrived; replaced as a whole

A segment is deleted as soon as all of it has arrived. What an ended process leaves behind is taken over by the next one
that looks, and sent by it.
"""
