"""What any program needs of its machine: whole files, checksums, threads, timings."""
