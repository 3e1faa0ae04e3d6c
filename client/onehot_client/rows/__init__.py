"""Rows as callers have them, made into bodies of requests: arrays, lists, frames, image files."""
