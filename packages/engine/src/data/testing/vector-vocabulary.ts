import tokenizerJson from '../../../../../test/vectors/tokenizer/tokenizer.json' with { type: 'json' };
import tokenizerConfig from '../../../../../test/vectors/tokenizer/tokenizer_config.json' with { type: 'json' };
import { type ChatTemplate, createChatTemplate } from '../chat-template.ts';
import { createTokenizer } from '../tokenizer.ts';

/** The tokenizer of test/vectors/tokenizer. */
export const vectorTokenizer = createTokenizer(tokenizerJson, tokenizerConfig);

/** ChatML without marks, as most Qwen models have it. */
export const CHATML =
  "{% for m in messages %}{{ '<|im_start|>' + m.role + '\n' + m.content + '<|im_end|>\n' }}{% endfor %}" +
  "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";

/** ChatML with the assistant's text and end of turn marked. */
export const MARKED_CHATML =
  "{% for m in messages %}{{ '<|im_start|>' + m.role + '\n' }}{% if m.role == 'assistant' %}{% generation %}" +
  "{{ m.content + '<|im_end|>' }}{% endgeneration %}{% else %}{{ m.content + '<|im_end|>' }}{% endif %}{{ '\n' }}" +
  "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";

export function vectorTemplate(source: string): ChatTemplate {
  return createChatTemplate(source, { specialTokens: vectorTokenizer.specialTokens });
}
