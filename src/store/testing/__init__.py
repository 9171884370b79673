"""What authors of drivers and backends test with: suites, fakes, faults."""
