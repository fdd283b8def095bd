"""Trains a job that skein has prepared, with transformers and PEFT. See docs/python-worker.md."""
