"""Work goes on while its parts are killed: half a year replayed, and a crowd that keeps books of its own.

`make chaos` runs all of it; `make test` a short form.
"""
