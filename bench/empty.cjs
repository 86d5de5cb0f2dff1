// The program that does nothing: what Node itself takes to start and to end.
