/** What a test starts writes down what it ran; the test itself, which runs already, does not, and is counted by vitest. */
process.env.NODE_V8_COVERAGE = process.env.COVERAGE_OF_CHILDREN;
