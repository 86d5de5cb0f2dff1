/** A key as it was pressed: the character that it types, or its name. */
export type Key = string;
