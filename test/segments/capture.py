"""Captures the fixtures of the mapping classes: capture.py FOLDER [NAME...]

Starts each program, waits until it has come up, and writes its smaps to FOLDER/NAME.smaps.gz. Needs gcc, python3, node,
java and rustc; whatever is missing is named and left out. Hugetlb pages are asked for and given back (root). The classes
beside them are written by hand: NAME.classes has one line per mapping, its class and then what it is.
"""
import gzip, os, subprocess, sys, tempfile, time

here = os.path.join(os.path.dirname(os.path.abspath(__file__)), "programs")
# A path that says nothing about whoever captured it.
scratch = os.path.join(tempfile.mkdtemp(), "example")
os.mkdir(scratch)

PYTHON = """
import ctypes, json, re, ssl, threading, time
threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()
kept = [bytearray(100_000) for _ in range(40)]
print('ready', flush=True)
time.sleep(1000)
"""
NODE = "const kept = Array.from({ length: 200000 }, (_, i) => ({ i })); console.log('ready'); setTimeout(() => kept, 1e6)"
JAVA = """
public class Example {
  public static void main(String[] words) throws Exception {
    long[] sums = new long[1000];
    for (int i = 0; i < 10_000_000; i++) sums[i % 1000] += i;
    System.out.println("ready");
    Thread.sleep(1_000_000 + sums[0] % 2);
  }
}
"""
RUST = """
fn main() {
    let kept: Vec<Vec<u8>> = (0..100).map(|n| vec![n as u8; 50_000]).collect();
    std::thread::spawn(|| std::thread::sleep(std::time::Duration::from_secs(1000)));
    println!("ready");
    std::thread::sleep(std::time::Duration::from_secs(1000 + kept.len() as u64));
}
"""


def path(name):
    return os.path.join(scratch, name)


def write(name, text):
    with open(path(name), "w") as file:
        file.write(text)
    return path(name)


def gcc(name, *flags):
    subprocess.check_call(["gcc", "-O1", "-o", path(name), os.path.join(here, "kinds.c"), "-pthread", *flags])
    return [path(name)]


def rust():
    subprocess.check_call(["rustc", "-O", "-o", path("rust-example"), write("example.rs", RUST)], cwd=scratch)
    return [path("rust-example")]


PROGRAMS = {
    "c-pie": lambda: gcc("c-pie", "-pie", "-fPIE"),
    "c-static": lambda: gcc("c-static", "-static", "-no-pie"),
    "python": lambda: ["/usr/bin/python3", "-c", PYTHON],
    "node": lambda: ["node", "-e", NODE],
    "java": lambda: ["java", "-Xmx64m", "-XX:-UsePerfData", write("Example.java", JAVA)],
    "rust": rust,
}


def huge_pages(count):
    try:
        with open("/proc/sys/vm/nr_hugepages", "r+") as file:
            before = file.read()
            file.seek(0)
            file.write(str(count))
        return before
    except OSError as error:
        print(f"no hugetlb pages: {error}")


def main():
    folder = sys.argv[1]
    before = huge_pages(4)
    for name in sys.argv[2:] or PROGRAMS:
        try:
            program = PROGRAMS[name]()
            child = subprocess.Popen(program, stdout=subprocess.PIPE, text=True)
        except (OSError, subprocess.CalledProcessError) as error:
            print(f"{name}: left out, {error}")
            continue
        for line in child.stdout:
            if line == "ready\n":
                break
            print(f"{name}: {line.strip()}")
        time.sleep(0.3)
        with open(f"/proc/{child.pid}/smaps", "rb") as smaps:
            text = smaps.read().replace(os.path.dirname(scratch).encode(), b"/srv")
        with open(os.path.join(folder, f"{name}.smaps.gz"), "wb") as out:
            out.write(gzip.compress(text, 9, mtime=0))
        child.kill()
    if before is not None:
        huge_pages(int(before))


main()
