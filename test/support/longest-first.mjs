import Sequencer from "@jest/test-sequencer";

/** Takes the time that it says whatever the machine; begun last it would be waited for alone. */
const LONGEST = "test/faults/kill.test.ts";

/** On a machine that never ran the tests Jest goes by the sizes of the files, which do not tell. */
export default class LongestFirst extends Sequencer {
  sort(tests) {
    const isLongest = ({ path }) => path.endsWith(LONGEST);
    return super.sort(tests).toSorted((one, other) => isLongest(other) - isLongest(one));
  }
}
