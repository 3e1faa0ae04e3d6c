"""Readers of data, one for each kind of source: files of arrays and tables, folders of images, known data sets."""
