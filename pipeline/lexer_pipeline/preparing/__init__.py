"""The order of the stages: what is to be made of which source, and the files of a delivery."""
