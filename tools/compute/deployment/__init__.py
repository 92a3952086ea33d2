"""A model as a service: the plan, the files that carry it out, and the checks that prove them."""
