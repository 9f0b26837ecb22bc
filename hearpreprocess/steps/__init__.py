"""The Luigi steps: glue around the pure modules. A step is done when its output stands in its place, whole."""
