/**
 * Compiles the programs of native/bpf/program and makes light skeletons of them: headers with everything that the kernel
 * needs, so that neither libbpf nor libelf is there at run time. `node scripts/build-bpf.js FOLDER [ARCH]` puts them there;
 * `--tools` only prints `present`, or `absent` and, on standard error, what is missing.
 *
 * The trap: both builds of the addon ask at configure time, and must not fail on a host without these tools, or with some
 * that are too old: the engine `bpf` is then absent, and `doctor` says so. So the question is answered by trying.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const PROGRAMS = ['walk', 'iterate', 'lives'];
const HEADERS = ['/usr/include/bpf/bpf_helpers.h', '/usr/include/bpf/skel_internal.h'];
const ARCHITECTURES = { x64: 'x86', arm64: 'arm64' };
const COMPILERS = { x64: 'x86_64-linux-gnu-gcc', arm64: 'aarch64-linux-gnu-gcc' };

const sources = fileURLToPath(new URL('../native/bpf/program', import.meta.url));
function tellTools() {
  const missing = [
    ...['clang', 'bpftool'].filter((tool) => !run(tool, ['--version']).isThere),
    ...HEADERS.filter((header) => !existsSync(header)),
    ...(ARCHITECTURES[process.arch] ? [] : [`support for ${process.arch}`]),
  ];
  const reason = missing.length > 0 ? `there is no ${missing.join(', no ')}` : trial();
  if (reason !== undefined) console.error(`The engine bpf is not built: ${reason}`);
  process.stdout.write(reason === undefined ? 'present' : 'absent');
}

/** Why a build does not succeed, or undefined. */
function trial() {
  const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-bpf-'));
  try {
    build(folder);
    return undefined;
  } catch (error) {
    return error.message;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function build(folder, arch = process.arch) {
  mkdirSync(folder, { recursive: true });
  for (const name of PROGRAMS) {
    const object = path.join(folder, `${name}.o`);
    must('clang', [
      ...['-target', 'bpf', '-mcpu=v3', '-O2', '-g', '-Wall', '-Werror'],
      `-D__TARGET_ARCH_${ARCHITECTURES[arch]}`,
      // Debian has the headers of one architecture in a folder of its own, where the target bpf does not look.
      ...run(arch === process.arch ? 'gcc' : COMPILERS[arch], ['-print-multiarch'])
        .output.trim()
        .split('\n')
        .filter(Boolean)
        // Those of a cross compiler lie elsewhere.
        .flatMap((place) => [`-I/usr/include/${place}`, `-I/usr/${place}/include`]),
      ...['-c', path.join(sources, `${name}.bpf.c`), '-o', object],
    ]);
    writeFileSync(
      path.join(folder, `${name}.skel.h`),
      must('bpftool', ['gen', 'skeleton', '-L', object, 'name', name]),
    );
  }
}

function must(tool, words) {
  const { isThere, status, output, errors } = run(tool, words);
  if (isThere && status === 0) return output;
  throw new Error(`${tool} ${words.join(' ')}: ${isThere ? errors : 'there is no such program'}`);
}

/** bpftool is in /usr/sbin, which is not on every PATH. */
function run(tool, words) {
  const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` };
  const { error, status, stdout, stderr } = spawnSync(tool, words, { encoding: 'utf8', env, maxBuffer: 2 ** 26 });
  return {
    isThere: !error && (status === 0 || words[0] !== '--version'),
    status,
    output: stdout ?? '',
    errors: stderr ?? '',
  };
}

const [word, arch] = process.argv.slice(2);
if (word === '--tools') tellTools();
else if (word) build(word, arch);
else throw new Error('Expected the folder for the skeletons, or --tools');
