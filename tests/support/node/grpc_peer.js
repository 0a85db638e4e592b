// A client and a server of gRPC, made of npm's `@grpc/grpc-js`. Messages are plain bytes.

const grpc = require('@grpc/grpc-js');
const {Events, Table, serve} = require('./peer.js');

const UNLIMITED = {
  'grpc.max_receive_message_length': -1,
  'grpc.max_send_message_length': -1,
};
const asItIs = (bytes) => bytes;

function method(name, requestStream, responseStream) {
  return {
    path: `/test.Echo/${name}`, requestStream, responseStream, requestSerialize: asItIs,
    requestDeserialize: asItIs, responseSerialize: asItIs, responseDeserialize: asItIs,
  };
}

const SERVICE = {
  Unary: method('Unary', false, false),
  Split: method('Split', false, true),
  Join: method('Join', true, false),
  Chat: method('Chat', true, true),
  Fail: method('Fail', false, false),
  Hang: method('Hang', false, false),
};
const Client = grpc.makeGenericClientConstructor(SERVICE, 'test.Echo');
const hung = new Events();
const cancelled = new Events();

function metadataOf(pairs) {
  const metadata = new grpc.Metadata();
  for (const [key, value] of Object.entries(pairs ?? {})) {
    metadata.add(key, key.endsWith('-bin') ? Buffer.from(value, 'base64') : value);
  }
  return metadata;
}

// Values of one name in a list; bytes as Base64.
function pairsOf(metadata) {
  const pairs = {};
  for (const key of Object.keys(metadata.getMap())) {
    pairs[key] = metadata.get(key).map((one) =>
      Buffer.isBuffer(one) ? one.toString('base64') : one);
  }
  return pairs;
}

const HANDLERS = {
  // The answer's metadata and trailers are what came in under other names.
  Unary: (call, reply) => {
    call.sendMetadata(metadataOf({'x-head': call.metadata.get('x-ask')[0] ?? 'none'}));
    const bytes = call.metadata.get('x-ask-bin')[0];
    const trailers = metadataOf({'x-trailer': 'end'});
    if (bytes) trailers.add('x-trailer-bin', bytes);
    reply(null, call.request, trailers);
  },
  Split: (call) => {
    for (const byte of call.request) call.write(Buffer.from([byte]));
    call.end();
  },
  Join: (call, reply) => {
    const parts = [];
    call.on('data', (part) => parts.push(part));
    call.on('end', () => reply(null, Buffer.concat(parts)));
  },
  Chat: (call) => {
    call.on('data', (word) => call.write(Buffer.concat([Buffer.from('heard '), word])));
    call.on('end', () => call.end());
    call.on('cancelled', () => cancelled.add('Chat'));
  },
  Fail: (call, reply) => reply({
    code: Number(call.metadata.get('x-code')[0]), details: '50% döne\n',
    metadata: metadataOf({'x-why': 'asked for'}),
  }),
  Hang: (call) => {
    call.on('cancelled', () => cancelled.add('Hang'));
    hung.add(Number(call.getDeadline()) - Date.now());
  },
};

const clients = new Table();
const streams = new Table();

function outcome(error, answer, head, status) {
  return {
    code: error ? error.code : grpc.status.OK,
    details: error ? error.details : '',
    answer: answer && answer.toString('base64'),
    head: head && pairsOf(head),
    trailers: pairsOf(status.metadata),
  };
}

// A call with one answer; `requests` is one message, or several of a stream.
function ask(client, name, requests, given) {
  const options = given.deadline ? {deadline: Date.now() + given.deadline} : {};
  return new Promise((resolve) => {
    let error, answer, head;
    const done = (failed, message) => [error, answer] = [failed, message];
    const several = SERVICE[name].requestStream;
    const input = several ? [] : [requests[0]];
    const call = client[name](...input, metadataOf(given.metadata), options, done);
    call.on('metadata', (metadata) => head = metadata);
    call.on('status', (status) =>
      setImmediate(() => resolve(outcome(error, answer, head, status))));
    if (several) {
      for (const request of requests) call.write(request);
      call.end();
    }
  });
}

function listening(stream) {
  const events = new Events();
  stream.on('data', (message) => events.add(['message', message.toString('base64')]));
  stream.on('status', (status) => events.add(['status', status.code, status.details]));
  stream.on('error', () => {});  // Its status tells the same.
  return {stream, events};
}

// A chat of a crowd, which has said one word and heard the answer.
function talking(client, number) {
  const chat = listening(client.Chat());
  chat.stream.write(Buffer.from(`${number}`));
  return chat.events.next().then(([kind, message]) => {
    const heard = kind === 'message' && Buffer.from(message, 'base64').toString();
    return heard === `heard ${number}` ? chat : null;
  });
}

function ended(chat) {
  chat.stream.end();
  return chat.events.next().then(([kind, code]) => kind === 'status' && code === grpc.status.OK);
}

let crowd = [];

serve({
  listen: () => new Promise((resolve, reject) => {
    const server = new grpc.Server(UNLIMITED);
    server.addService(SERVICE, HANDLERS);
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, port) =>
      error ? reject(error) : resolve(port));
  }),
  connect: async (given) =>
    clients.add(new Client(given.address, grpc.credentials.createInsecure(), UNLIMITED)),
  ask: (given) => ask(clients.get(given.client), given.name,
    given.requests.map((one) => Buffer.from(one, 'base64')), given),
  // A stream of the server or of both sides; its messages and its status are told by next().
  open: async (given) => {
    const client = clients.get(given.client);
    const input = given.request === undefined ? [] : [Buffer.from(given.request, 'base64')];
    return streams.add(listening(client[given.name](...input)));
  },
  write: async (given) =>
    void streams.get(given.stream).stream.write(Buffer.from(given.message, 'base64')),
  end: async (given) => void streams.get(given.stream).stream.end(),
  cancel: async (given) => void streams.get(given.stream).stream.cancel(),
  next: (given) => streams.get(given.stream).events.next(),
  // What is left of the deadline, in milliseconds, of a call that the server lets hang.
  hung: () => hung.next(),
  cancelled: () => cancelled.next(),
  // Chats that are all open at once; how many of them were answered.
  open_crowd: async (given) => {
    const client = clients.get(given.client);
    crowd = await Promise.all(Array.from({length: given.count}, (_, n) => talking(client, n)));
    return crowd.filter(Boolean).length;
  },
  // How many of them end well.
  end_crowd: async () => (await Promise.all(crowd.map(ended))).filter(Boolean).length,
});
