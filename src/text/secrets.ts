/**
 * Takes what looks like a secret out of the arguments of a program.
 *
 * The trap: no rule finds every secret. This one goes by names (`--password=`, `API_TOKEN=`), by shapes (a URL's user part,
 * `Bearer ...`, well-known prefixes of keys) and by the few programs that take a password in a short option; what is
 * called otherwise stays. Whoever must be sure stores no arguments.
 */

export const HIDDEN = '***';

const NAME =
  'pass(?:word|wd|phrase|code)?|pwd|secret|token|api[-_.]?key|access[-_.]?key|private[-_.]?key|auth(?:orization)?|' +
  'credentials?|cookie|session(?:[-_.]?id)?|signature';
/** The name may be a part of a longer one: `DB_PASSWORD`, `x-api-key`. */
const NAMED = `[\\w.-]*(?:${NAME})[\\w.-]*`;

/** `--password=VALUE`, `TOKEN=VALUE`, `?key=..&token=VALUE`, `Authorization: VALUE`, `"password":"VALUE"`. */
const ASSIGNED = new RegExp(
  `(^|[^\\w.-])(-{0,2}${NAMED}["']?\\s*[=:]\\s*["']?)([^\\s&;,"']+(?:\\s+(?!-)[^\\s&;,"']+)?)`,
  'gi',
);
/** An option whose value is the next argument. */
const FLAG = new RegExp(`^-{1,2}${NAMED}$`, 'i');
const USER_PART = /([a-z][a-z0-9+.-]*:\/\/)[^\s/@]+@/gi;
const SCHEMES = /\b(bearer|basic|digest|negotiate)\s+[\w.~+/=-]{6,}/gi;
const SHAPES =
  /\b(?:eyJ[\w-]+\.[\w-]+\.[\w-]*|AKIA[0-9A-Z]{16}|gh[pousr]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|xox[abprs]-[\w-]{8,}|sk-[\w-]{16,}|npm_\w{20,})/g;
/** Programs with a password in a short option: the option, and whether it is a part of the same argument. */
const SHORT: readonly { readonly program: RegExp; readonly option: RegExp }[] = [
  { program: /^(?:mysql|mariadb)/, option: /^(-p)(.+)$/s },
  { program: /^sshpass$/, option: /^(-p)(.*)$/s },
  { program: /^(?:curl|wget)$/, option: /^(-u|--user|--proxy-user|-U)(.*)$/s },
  { program: /^redis-cli$/, option: /^(-a)(.*)$/s },
  { program: /^ldap/, option: /^(-w)(.*)$/s },
];

/** The arguments of a program without what looks like a secret: `***` stands in its place. */
export function hideSecrets(args: readonly string[]): string[] {
  const program = (args[0] ?? '').replace(/^.*\//, '');
  const short = SHORT.find((entry) => entry.program.test(program))?.option;
  let isValue = false;
  return args.map((arg, index) => {
    if (isValue) {
      isValue = false;
      if (!arg.startsWith('-')) return HIDDEN;
    }
    if (index === 0) return hideIn(arg);
    const found = short?.exec(arg);
    if (found) {
      const [, option, value] = found as unknown as [string, string, string];
      isValue = value === '';
      return value === '' ? option : option + HIDDEN;
    }
    isValue = FLAG.test(arg);
    return isValue ? arg : hideIn(arg);
  });
}

function hideIn(text: string): string {
  return text
    .replace(USER_PART, `$1${HIDDEN}@`)
    .replace(SCHEMES, `$1 ${HIDDEN}`)
    .replace(ASSIGNED, `$1$2${HIDDEN}`)
    .replace(SHAPES, HIDDEN);
}
