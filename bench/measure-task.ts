// The child process of `measureInChild`: measures the task that it is told and writes the measurement as JSON.

import { measure } from './measurement.js';
import { taskId } from './suite.js';
import { suites } from './suites/index.js';

const [id, timeMs] = process.argv.slice(2);
const task = suites.flatMap((suite) => suite.tasks.filter((candidate) => taskId(suite, candidate) === id))[0];
if (task === undefined) throw new Error(`there is no task '${id}'`);
process.stdout.write(JSON.stringify(await measure(task, Number(timeMs))));
