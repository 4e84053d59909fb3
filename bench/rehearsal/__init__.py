"""
`elkmon run` by a fast clock while Elasticsearch, the mail server and the monitor itself are killed: `python -m bench.rehearsal`.

Its promise: in the end it has said what an undisturbed run says, and told each change under exactly one Message-ID.
"""
