// A server that answers `ok` and leaks so many bytes for each request, as text on the heap or as buffers outside of it; `/missing`
// is 404. It prints its port. About 100 MB are replaced piece by piece, so that its heap goes up and down.
import { createServer } from 'node:http';

const [bytes, where, pieces] = [Number(process.argv[2]), process.argv[3], Number(process.argv[4] ?? 1600)];
const held = [];
const piece = () => Array.from({ length: 800 }, (_, index) => ({ index, text: `x${index}` }));
const churned = Array.from({ length: pieces }, piece);
let at = 0;
const server = createServer((request, response) => {
  if (pieces > 0) churned[at++ % pieces] = piece();
  if (bytes > 0) held.push(where === 'heap' ? Buffer.alloc(bytes, 97).toString('latin1') : Buffer.alloc(bytes, 1));
  response.statusCode = request.url === '/missing' ? 404 : 200;
  response.end('ok');
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
