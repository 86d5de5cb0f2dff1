"""Captures the fixtures of the owners of anonymous memory: capture_owners.py FOLDER [NAME...]

Starts each program, waits for the line `ready`, and writes its smaps to FOLDER/NAME.smaps.gz, and what it told of its own memory
(addresses of what it allocated, what its runtime says it uses) to FOLDER/NAME.told. Needs gcc, go, java, node, python3 and the
libraries of jemalloc and tcmalloc; whatever is missing is named and left out.
"""
import glob, gzip, os, subprocess, sys, tempfile, time

here = os.path.join(os.path.dirname(os.path.abspath(__file__)), "programs")
# A path that says nothing about whoever captured it.
scratch = os.path.join(tempfile.mkdtemp(), "example")
os.mkdir(scratch)

NODE = """
const { getHeapStatistics } = require('node:v8');
const { Worker } = require('node:worker_threads');
const kept = Array.from({ length: 200000 }, (_, i) => ({ i }));
const buffer = Buffer.alloc(20 << 20, 1);
const physical = (name) => `console.log('${name}', require('node:v8').getHeapStatistics().total_physical_size)`;
const code = `const kept = Array.from({ length: 50000 }, (_, i) => ({ i })); setTimeout(() => ${physical('worker')}, 600); setTimeout(() => kept, 1e6)`;
new Worker(code, { eval: true });
setTimeout(() => { eval(physical('main')); console.log('external', getHeapStatistics().external_memory); }, 600);
setTimeout(() => console.log('ready'), 1200);
setTimeout(() => [kept, buffer], 1e6);
"""
PYTHON = """
kept = [str(i) * 3 for i in range(300000)]
print('object', hex(id(kept[200000])))
print('ready', flush=True)
import time; time.sleep(1000)
"""
JAVA = """
public class Example {
  public static void main(String[] words) throws Exception {
    byte[][] kept = new byte[200][];
    for (int i = 0; i < 200; i++) kept[i] = new byte[100000];
    System.out.println("ready");
    Thread.sleep(1_000_000);
  }
}
"""
GO = """
package main

import (
	"fmt"
	"time"
)

func main() {
	kept := [][]byte{}
	for i := 0; i < 300; i++ {
		kept = append(kept, make([]byte, 100000))
		kept[i][5000] = 1
	}
	fmt.Printf("heap %p\\nready\\n", &kept[200][0])
	time.Sleep(time.Hour)
	fmt.Println(len(kept))
}
"""


def path(name):
    return os.path.join(scratch, name)


def write(name, text):
    with open(path(name), "w") as file:
        file.write(text)
    return path(name)


def c(preload=None):
    subprocess.check_call(["gcc", "-O1", "-o", path("c-program"), os.path.join(here, "allocations.c"), "-pthread"])
    if preload is None:
        return [path("c-program")]
    libraries = glob.glob(f"/usr/lib/*/{preload}")
    if not libraries:
        raise OSError(f"no {preload}")
    return ["env", f"LD_PRELOAD={libraries[0]}", path("c-program")]


def go():
    write("example.go", GO)
    subprocess.check_call(["go", "build", "-o", path("go-program"), "example.go"], cwd=scratch, env={**os.environ, "GO111MODULE": "off"})
    return [path("go-program")]


PROGRAMS = {
    "glibc": c,
    "jemalloc": lambda: c("libjemalloc.so.2"),
    "tcmalloc": lambda: c("libtcmalloc_minimal.so.4"),
    "go": go,
    "node": lambda: ["node", "-e", NODE],
    "python": lambda: ["/usr/bin/python3", "-c", PYTHON],
    "java": lambda: ["java", "-Xmx64m", "-Xlog:gc+heap+coops=debug,gc+metaspace=info", "-XX:-UsePerfData", write("Example.java", JAVA)],
}


def main():
    folder = sys.argv[1]
    for name in sys.argv[2:] or PROGRAMS:
        try:
            program = PROGRAMS[name]()
            child = subprocess.Popen(program, stdout=subprocess.PIPE, text=True)
        except (OSError, subprocess.CalledProcessError) as error:
            print(f"{name}: left out, {error}")
            continue
        told = []
        for line in child.stdout:
            if line == "ready\n":
                break
            told.append(line.split("] ")[-1])
        time.sleep(0.3)
        with open(f"/proc/{child.pid}/smaps", "rb") as smaps:
            text = smaps.read().replace(os.path.dirname(scratch).encode(), b"/srv")
        with open(os.path.join(folder, f"{name}.smaps.gz"), "wb") as out:
            out.write(gzip.compress(text, 9, mtime=0))
        with open(os.path.join(folder, f"{name}.told"), "w") as out:
            out.writelines(told)
        child.kill()


main()
