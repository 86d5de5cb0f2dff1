/** The unit of the agent with its drop-ins, as systemd takes them together: lists grow from file to file. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const SYSTEMD = fileURLToPath(new URL('../../deploy/systemd', import.meta.url));
export const UNIT = 'tidemark-agent.service';

/** What stands behind a name, in all of the files. */
export function settingsIn(files: readonly string[], name: string): string[] {
  return files.flatMap((file) => {
    const lines = readFileSync(`${SYSTEMD}/${file}`, 'utf8').matchAll(/^(\w+)=(.*)$/gm);
    return [...lines].flatMap(([, setting, value]) => (setting === name ? [value!] : []));
  });
}

/** A command that goes on as the user of the unit would: another user, these capabilities and no others, no way to more. */
export function asUnit(files: readonly string[], user: number): string[] {
  const words = (name: string) => settingsIn(files, name).join(' ').split(' ').filter(Boolean).sort();
  const [bounding, ambient] = [words('CapabilityBoundingSet'), words('AmbientCapabilities')];
  if (bounding.join() !== ambient.join()) throw new Error(`bounding ${bounding}, but ambient ${ambient}`);
  const set = ['-all', ...bounding.map((name) => name.replace(/^CAP_/, '+').toLowerCase())].join(',');
  return [
    ...['setpriv', `--reuid=${user}`, `--regid=${user}`, '--clear-groups', '--no-new-privs'],
    ...[`--inh-caps=${set}`, `--ambient-caps=${set}`, `--bounding-set=${set}`],
  ];
}
