// Both ends of WebSockets, made of npm's `ws`.

const fs = require('node:fs');
const http = require('node:http');
const {WebSocket, WebSocketServer} = require('ws');
const {Events, Table, serve} = require('./peer.js');

const sockets = new Table();
const accepted = new Events();

// A socket and what it has received. Data is Base64, so that every byte comes through.
class Peer {
  constructor(socket) {
    this.socket = socket;
    this.events = new Events();
    socket.on('message', (data, binary) => this.#add(binary ? 'binary' : 'text', data));
    socket.on('ping', (data) => this.#add('ping', data));
    socket.on('pong', (data) => this.#add('pong', data));
    socket.on('close', (code, reason) => this.events.add(['close', code, reason.toString()]));
    socket.on('error', (error) => this.events.add(['error', error.message]));
  }

  #add(kind, data) {
    this.events.add([kind, data.toString('base64')]);
  }
}

// A peer that says every event once, and is only good for that.
function opened(url, options) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, options.protocols ?? [], options);
    const peer = new Peer(socket);
    socket.on('open', () => resolve(peer));
    socket.on('error', reject);
  });
}

function option(given) {
  return {
    perMessageDeflate: given.deflate ?? false,
    ca: given.ca && fs.readFileSync(given.ca),
    servername: given.server_name,
    headers: given.headers,
    localAddress: given.source,
    protocols: given.protocols,
  };
}

// A socket of a crowd: it only sends a word and waits for its echo.
function member(url, source) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, {perMessageDeflate: false, localAddress: source});
    socket.on('open', () => resolve(socket));
    socket.on('error', reject);
  });
}

function echoed(socket, word) {
  return new Promise((resolve) => {
    socket.once('message', (data) => resolve(data.toString() === word));
    socket.once('close', () => resolve(false));
    socket.send(word);
  });
}

// The results of count calls of a function, of which `at_a_time` run at any moment.
async function inTurns(count, at_a_time, one) {
  const results = new Array(count);
  let next = 0;
  const turn = async () => {
    while (next < count) {
      const number = next++;
      results[number] = await one(number);
    }
  };
  await Promise.all(Array.from({length: at_a_time}, turn));
  return results;
}

const AT_A_TIME = 64;
const crowd = [];

serve({
  // A server; its sockets echo, or are handed out by accept().
  listen: (given) => new Promise((resolve) => {
    const server = http.createServer().listen(0, '127.0.0.1', 1024);
    const sockets_of = new WebSocketServer({server, perMessageDeflate: given.deflate ?? false});
    sockets_of.on('connection', (socket) => {
      if (given.echo) socket.on('message', (data, binary) => socket.send(data, {binary}));
      else accepted.add(sockets.add(new Peer(socket)));
    });
    server.on('listening', () => resolve(server.address().port));
  }),
  accept: () => accepted.next(),
  open: async (given) => {
    const peer = await opened(given.url, option(given));
    const {extensions, protocol} = peer.socket;
    return {socket: sockets.add(peer), extensions, protocol};
  },
  // One frame; fin: false begins or goes on with a message of several.
  send: (given) => new Promise((resolve, reject) => {
    const data = Buffer.from(given.data, 'base64');
    const how = {binary: given.binary, fin: given.fin ?? true};
    sockets.get(given.socket).socket.send(data, how, (error) => error ? reject(error) : resolve());
  }),
  ping: async (given) => sockets.get(given.socket).socket.ping(Buffer.from(given.data, 'base64')),
  close: async (given) => sockets.get(given.socket).socket.close(given.code, given.reason),
  terminate: async (given) => sockets.get(given.socket).socket.terminate(),
  next: (given) => sockets.get(given.socket).events.next(),
  // Further sockets from several addresses, each of which has ports of its own.
  join_crowd: async (given) => {
    const {sources} = given;
    crowd.push(...await inTurns(given.count, AT_A_TIME, (n) =>
      member(given.url, sources[n % sources.length])));
  },
  // How many of a part of the crowd get their word back.
  crowd_echoes: async (given) => {
    const part = crowd.slice(given.from, given.from + given.count);
    const right = await inTurns(part.length, AT_A_TIME, (n) => echoed(part[n], `word ${n}`));
    return right.filter(Boolean).length;
  },
});
