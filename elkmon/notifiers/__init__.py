"""Ways to tell: each notifier delivers what `elkmon.presentation` made of a digest. None of them writes a sentence."""
