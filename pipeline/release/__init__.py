"""The release's state, kept on the service itself as annotations, so that any machine can go on.

Pure: text in, values out.
"""
