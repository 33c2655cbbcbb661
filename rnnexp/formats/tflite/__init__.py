"""TensorFlow Lite files: built, read with bounds checked, converted in float32."""
