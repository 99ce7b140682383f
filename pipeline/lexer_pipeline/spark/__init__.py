"""The stages on a cluster: Spark hands out the sources of a run and tries again, and this process publishes one delivery."""
