/** The server of the load ladder: each connection holds a session of 256 KiB, each answer makes 64 KiB of text. */
import http from 'node:http';

const server = http.createServer((_request, response) => {
  response.end('x'.repeat(64 * 1024));
});
server.on('connection', (socket) => {
  socket.session = Buffer.alloc(256 * 1024, 1);
});
server.listen(0, '127.0.0.1', () => process.send(server.address().port));
process.on('disconnect', () => process.exit());
