"""Images and scenes from arrays and files, as frames, damaged, and as other tasks."""
