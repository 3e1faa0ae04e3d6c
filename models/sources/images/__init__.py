"""Folders of images: found by their headers, packed in one file."""
