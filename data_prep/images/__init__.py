"""Images from arrays and files: loading, frames and clips, scenes, damage, other tasks."""
