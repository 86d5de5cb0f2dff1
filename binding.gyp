{
  "variables": {
    "bpf_tools%": "<!(node scripts/build-bpf.js --tools)"
  },
  "target_defaults": {
    "include_dirs": ["<!(node -p \"require('node-addon-api').include_dir\")"],
    "defines": [
      "NAPI_VERSION=8", "NODE_ADDON_API_DISABLE_DEPRECATED", "NODE_ADDON_API_DISABLE_CPP_EXCEPTIONS",
      # A worker that is being ended takes no exception, and without this the whole program would end with it.
      "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"
    ],
    "cflags": ["-O2", "-Wall", "-Wextra", "-fvisibility=hidden"],
    "cflags_cc": ["-std=c++17", "-fno-exceptions", "-fno-rtti"],
    "ldflags": ["-Wl,-z,nodelete", "-Wl,--gc-sections"]
  },
  "targets": [
    {
      "target_name": "tidemark",
      "sources": ["<!@(sed s,^,native/, native/sources.txt)"]
    },
    {
      "target_name": "tidemark-launch",
      "type": "executable",
      "sources": ["native/launch/launch.c"],
      # Needs no version of glibc, and is as small in memory as it can be.
      "ldflags": ["-static"]
    }
  ],
  "conditions": [
    ["bpf_tools=='present'", {
      "targets": [
        {
          "target_name": "tidemark_bpf",
          "sources": ["<!@(sed s,^,native/, native/bpf/sources.txt)"],
          "include_dirs": ["<(INTERMEDIATE_DIR)/bpf"],
          "actions": [
            {
              "action_name": "bpf_skeletons",
              "inputs": ["scripts/build-bpf.js", "<!@(ls native/bpf/program/*)"],
              # The last of the three that it makes: with several outputs make would run it anew at each build.
              "outputs": ["<(INTERMEDIATE_DIR)/bpf/lives.skel.h"],
              "action": ["node", "scripts/build-bpf.js", "<(INTERMEDIATE_DIR)/bpf"]
            }
          ]
        }
      ]
    }]
  ]
}
