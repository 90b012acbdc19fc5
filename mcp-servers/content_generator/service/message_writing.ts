import { addUsage, type ModelUsage, NO_MODEL_USAGE } from '../../../shared/ai/model_usage.ts';
import type { Deadline } from '../../../shared/domain/deadline.ts';
import { ToolError } from '../../../shared/domain/tool_error.ts';
import { complaintsAbout, complaintText, type GeneratedMessages, type MessageRules } from './message_rules.ts';

/** One question to the model, told what was wrong with the answer before; '' in the first. What it took is recorded by who asks. */
export type AskModel = (complaint: string, deadline: Deadline) => Promise<ModelAnswer>;

/** What came of a question: messages, or why there are none and, where it may be asked again, what to tell the model then. */
export type ModelAnswer = { readonly usage: ModelUsage; readonly durationMs: number } & (
  | { readonly messages: GeneratedMessages }
  | { readonly failure: ToolError; readonly complaint: string | undefined }
);

/** What came of all questions for one population. `usage` and `durationMs` are those of all of them, the useless ones too. */
export type WritingOutcome = { readonly attempts: number; readonly usage: ModelUsage; readonly durationMs: number } & (
  | { readonly messages: GeneratedMessages }
  | { readonly failure: ToolError }
);

/** Asked at most so often for one population: once, and twice more with the complaint. */
export const MOST_ATTEMPTS = 3;
/** What is said of broken rules when it stays so. */
const COMPLAINTS_SHOWN = 5;

/** Has messages written for one population, and asks again at most twice when they break a rule. Never rejects for what the model did. */
export async function writeMessages(ask: AskModel, rules: MessageRules, deadline: Deadline): Promise<WritingOutcome> {
  let usage = NO_MODEL_USAGE;
  let durationMs = 0;
  let complaint = '';
  for (let attempts = 1; ; attempts++) {
    const answer = await ask(complaint, deadline);
    usage = addUsage(usage, answer.usage);
    durationMs += answer.durationMs;
    const mayRepeat = attempts < MOST_ATTEMPTS;
    if ('failure' in answer) {
      if (answer.complaint === undefined || !mayRepeat) return { attempts, usage, durationMs, failure: answer.failure };
      complaint = answer.complaint;
      continue;
    }
    const complaints = complaintsAbout(answer.messages, rules);
    if (complaints.length === 0) return { attempts, usage, durationMs, messages: answer.messages };
    if (!mayRepeat) {
      const broken = complaintText(complaints.slice(0, COMPLAINTS_SHOWN));
      const failure = new ToolError('unavailable', `What the model wrote broke the rules ${attempts} times, last so:\n${broken}`, {
        remedy: 'Ask again, for another channel or with another tone.',
      });
      return { attempts, usage, durationMs, failure };
    }
    complaint = complaintText(complaints);
  }
}
