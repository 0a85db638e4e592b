// Calls of a test: each comes in as a line of JSON, {"call": name, "with": {...}}, and is answered
// by a line, {"result": ...} or {"error": text}.

const readline = require('node:readline');

const PATIENCE = 30_000;  // milliseconds

function inTime(promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited in vain: ${what}`)), PATIENCE);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

// Answers calls in the order in which they come, until the test closes the pipe.
exports.serve = async (calls) => {
  for await (const line of readline.createInterface({input: process.stdin})) {
    const {call, with: given} = JSON.parse(line);
    let answer;
    try {
      answer = {result: (await inTime(calls[call](given), line.slice(0, 200))) ?? null};
    } catch (error) {
      answer = {error: error.message};
    }
    process.stdout.write(JSON.stringify(answer) + '\n');
  }
  process.exit(0);
};

// What happened and nobody has asked for yet, in order.
exports.Events = class {
  #seen = [];
  #waiting = [];

  add(event) {
    const waiter = this.#waiting.shift();
    if (waiter) waiter(event);
    else this.#seen.push(event);
  }

  next() {
    if (this.#seen.length) return Promise.resolve(this.#seen.shift());
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
};

// Things with numbers, by which the test speaks of them.
exports.Table = class {
  #things = [];

  add(thing) {
    return this.#things.push(thing) - 1;
  }

  get(number) {
    return this.#things[number];
  }
};
