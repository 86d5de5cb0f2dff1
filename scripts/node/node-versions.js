/** The versions of Node that the package is tried with, newest of each line, as npm's packages of binaries name them. */
export const NODE_VERSIONS = { 20: '20.20.2', 22: '22.23.5', 24: '24.22.3' };

/** The one that goes into packages for hosts without Node. */
export const PINNED_NODE = NODE_VERSIONS[22];

/** What npm says of its archives; `npm view node-linux-ARCH@VERSION dist.integrity` tells it of another. */
export const PINNED_INTEGRITY = {
  x64: 'sha512-3jhC+wcoWxKZxcRqF2sUSl0c9HEXFnur/nuIPx6O6CWKV0jOUWQm7Htw5SuXqqlMCEhi0cJqybFPEb5hhcBiMw==',
  arm64: 'sha512-e1LOUGKVruPGuLVutn8+Cgm5pI1APm4Kvh+zbb/qe/ZpD9s+TQby5iUgZOWmPpbSKpj0Td8DP1N0NEnXasHizg==',
};
