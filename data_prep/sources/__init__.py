"""Where the named data come from: installed libraries, downloads by Keras, and our own drawing."""
