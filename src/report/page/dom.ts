/**
 * Elements of the page.
 *
 * The trap: names of processes are hostile. Everything that is put in becomes a text node or an attribute that runs nothing;
 * there is no way here to hand in markup.
 */

type Child = Node | string | number | null | undefined;

interface Properties {
  readonly [name: string]: string | number | boolean | ((event: Event) => void) | null | undefined;
}

/** `element('a', { href, onclick }, 'text')`. What begins with `on` is listened to; false and null leave an attribute out. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: Properties = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (typeof value === 'function') made.addEventListener(name.slice(2), value);
    else if (value !== false && value !== null && value !== undefined)
      made.setAttribute(name, value === true ? '' : String(value));
  }
  put(made, ...children);
  return made;
}

/** Replaces what is in an element. */
export function refill(parent: Element, ...children: readonly Child[]): void {
  parent.replaceChildren();
  put(parent, ...children);
}

function put(parent: Element, ...children: readonly Child[]): void {
  for (const child of children) {
    if (child === null || child === undefined) continue;
    parent.append(typeof child === 'number' ? String(child) : child);
  }
}

/** A value of the style sheet, such as `--line`. */
export function styleValue(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** A section with a heading that it is labelled by. */
export function section(id: string, title: string, ...children: readonly Child[]): HTMLElement {
  return element(
    'section',
    { id, 'aria-labelledby': `${id}-title` },
    element('h2', { id: `${id}-title` }, title),
    ...children,
  );
}

/** A choice among words, with a label. */
export function choice(
  label: string,
  options: readonly (readonly [value: string, text: string])[],
  onChange: (value: string) => void,
): { readonly root: HTMLElement; readonly select: HTMLSelectElement } {
  const select = element(
    'select',
    { onchange: () => onChange(select.value) },
    ...options.map(([value, text]) => element('option', { value }, text)),
  );
  return { root: element('label', { class: 'choice' }, `${label} `, select), select };
}
