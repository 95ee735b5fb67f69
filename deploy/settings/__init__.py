"""Settings: typed, read once at the start, all problems listed together.

`read_variables` collects the `HAILONG_*` variables. `load` and `check` turn them into settings objects, and these build
the option objects of the other packages. Only `deploy` reads the environment.
"""
