export function installedOnce(
  name: string,
  packages: readonly string[],
  options?: { readonly ofAnyProcessor?: boolean },
): string;
