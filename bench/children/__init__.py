"""What runs in other processes than the benchmarks: under a server, or in the environment of the product."""
