"""The pictures of a report as inline SVG."""
