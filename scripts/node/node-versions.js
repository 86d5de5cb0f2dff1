/** The versions of Node that the package is tried with, newest of each line, as npm's packages of binaries name them. */
export const NODE_VERSIONS = { 20: '20.20.2', 22: '22.23.5', 24: '24.22.3' };

/** The one that goes into packages for hosts without Node. */
export const PINNED_NODE = NODE_VERSIONS[22];
