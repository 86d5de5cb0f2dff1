/** What the gate measures: an index of the words of a text, made anew by each call. With KEEP=1 no index is ever let go. */
const text = Array.from({ length: 20_000 }, (_, at) => `word${(at * 7919) % 5003}`).join(' ');
const kept = [];

export function indexWords() {
  const places = new Map();
  let at = 0;
  for (const word of text.split(' ')) {
    const known = places.get(word);
    if (known) known.push(at);
    else places.set(word, [at]);
    at++;
  }
  if (process.env.KEEP === '1') kept.push(places);
  return places.size;
}
