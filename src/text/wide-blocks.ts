/** The blocks of East_Asian_Width W and F, but for emoji, which Unicode gives a property of their own. */
export const WIDE_BLOCKS: readonly (readonly [first: number, last: number])[] = [
  [0x1100, 0x115f], // Hangul Jamo, leading consonants
  [0x2329, 0x232a], // angle brackets
  [0x2e80, 0x303e], // CJK radicals, punctuation; U+303F is narrow
  [0x3041, 0xa4cf], // kana to Yi
  [0xa960, 0xa97f], // Hangul Jamo Extended-A
  [0xac00, 0xd7a3], // Hangul syllables
  [0xf900, 0xfaff], // CJK compatibility ideographs
  [0xfe10, 0xfe19], // vertical forms
  [0xfe30, 0xfe6f], // CJK compatibility and small forms
  [0xff01, 0xff60], // full-width forms
  [0xffe0, 0xffe6], // full-width signs
  [0x16fe0, 0x18dff], // Tangut, Khitan
  [0x1aff0, 0x1b2ff], // kana supplements, Nushu
  [0x1f200, 0x1f265], // enclosed ideographs
  [0x20000, 0x3fffd], // CJK extensions
];
