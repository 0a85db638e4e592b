// The dashboard in Chromium, by calls of a test: see peer.js.

const {readFileSync} = require('node:fs');
const {chromium} = require('playwright-core');
const {serve} = require('../node/peer.js');

const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const ARGUMENTS = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-component-update',
                   '--disable-background-networking', '--disable-sync'];

let browser;
let page;
let updates = 0;
const errors = [];

// A new page in a new profile. It may not break its own content security policy, or log errors.
async function open({executable, url, scheme, width = 1440, height = 900}) {
  browser ??= await chromium.launch({executablePath: executable, args: ARGUMENTS});
  await page?.context().close();
  const context = await browser.newContext(
      {viewport: {width, height}, colorScheme: scheme, reducedMotion: 'reduce'});
  page = await context.newPage();
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  const devtools = await context.newCDPSession(page);
  await devtools.send('Network.enable');
  devtools.on('Network.dataReceived', () => ++updates);
  const started = Date.now();
  await page.goto(url);
  await page.waitForFunction(() => document.querySelector('#status')?.dataset.state === 'live'
    && document.querySelector('#facts dd')?.textContent);
  return (Date.now() - started) / 1000;
}

// Opens a view by its link, and waits for an element with this text.
async function view({name, selector, text}) {
  await page.click(`#views a[href="#/${name}"]`);
  await waitFor({selector, text});
}

async function waitFor({selector, text}) {
  await page.waitForFunction(
      ([wanted, part]) => [...document.querySelectorAll(wanted)].some((element) => element.textContent.includes(part)),
      [selector, text]);
}

// Waits for an element with this text; returns after how many seconds and pieces of data it was there.
async function watch({selector, text}) {
  const [began, before] = [Date.now(), updates];
  await waitFor({selector, text});
  return {seconds: (Date.now() - began) / 1000, updates: updates - before};
}

// Waits until the plots have so many points, one for each second.
async function waitForPoints({count}) {
  await page.waitForFunction((most) => Number(document.querySelector('[role=slider]').ariaValueMax) >= most, count);
}

const read = ({selector}) => page.$$eval(selector, (all) => all.map((element) => element.textContent));

// What axe-core finds wrong, in all its rules.
async function violations() {
  await page.evaluate(`${AXE};0`);
  const found = await page.evaluate(() => axe.run());
  return found.violations.map(({id, nodes}) => `${id}: ${nodes.map((node) => node.html.slice(0, 200)).join(' ')}`);
}

async function shoot({path, full = true}) {
  await page.evaluate(() => scrollTo(0, 0));
  await page.screenshot({path, fullPage: full});
}

// Presses keys in turn; returns a description of what then has the focus.
async function press({keys}) {
  for (const key of keys) await page.keyboard.press(key);
  return page.evaluate(() => {
    const element = document.activeElement;
    return {id: element.id, text: element.textContent.trim(), role: element.getAttribute('role'),
            value: element.getAttribute('aria-valuetext'), hash: location.hash};
  });
}

async function fill({selector, text, then}) {
  await page.fill(selector, text);
  if (then) await page.keyboard.press(then);
}

const focus = ({selector}) => page.focus(selector);
const takeErrors = async () => errors.splice(0);

async function close() {
  await browser?.close();
  browser = undefined;
}

serve({open, view, waitFor, waitForPoints, watch, read, violations, shoot, press, fill, focus, takeErrors, close});
