"""Cross-validation and repeats: networks that are trained to be measured, and never published."""
