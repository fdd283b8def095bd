import contextlib

import torch
import torch.nn.functional as F
from peft import PeftModel
from transformers import AutoModelForCausalLM


class Model:
    """A decoder of transformers with its trained arrays, an adapter's or all of them, in float32."""

    def __init__(self, job):
        self.device = torch.device(job.device)
        # Sums in one order, and no TF32: fp32 means float32.
        torch.use_deterministic_algorithms(True, warn_only=True)
        torch.set_float32_matmul_precision("highest")
        torch.set_num_threads(job.threads)
        self.half = job.precision == "bf16"
        # What is trained stays in float32: bfloat16 would swallow small updates.
        dtype = torch.bfloat16 if self.half and job.adapter else torch.float32
        model = AutoModelForCausalLM.from_pretrained(job.model, dtype=dtype, local_files_only=True)
        # Beside the network that is trained, which may be wrapped.
        self._decoder, self._head_of = model.get_decoder(), model
        if job.adapter:
            model = PeftModel.from_pretrained(
                model, job.folder / "adapter", is_trainable=True, autocast_adapter_dtype=True, local_files_only=True
            )
        self._model = model.to(self.device)
        self.parameters = {
            plain_name(name): parameter for name, parameter in model.named_parameters() if parameter.requires_grad
        }

    def train(self):
        self._model.train()

    def eval(self):
        self._model.eval()

    def loss_sum(self, batch):
        """Sum of nll over the targets, in nats, a scalar on the device."""
        ids, positions, segments, targets = batch.to(self.device)
        length = ids.shape[1]
        # A token sees the tokens of its own segment up to itself; padding sees padding, so that no row is empty.
        same = segments[:, None, :, None] == segments[:, None, None, :]
        mask = same & torch.ones(length, length, dtype=torch.bool, device=self.device).tril()
        with self._autocast():
            hidden = self._decoder(
                input_ids=ids, position_ids=positions, attention_mask=mask, use_cache=False
            ).last_hidden_state
            counted = targets >= 0
            logits = self._head_of.get_output_embeddings()(hidden[counted])
        return F.cross_entropy(logits.float(), targets[counted], reduction="sum")

    def _autocast(self):
        return torch.autocast(self.device.type, dtype=torch.bfloat16) if self.half else contextlib.nullcontext()


def plain_name(name):
    """The array's name in skein, of PEFT's."""
    return name.removeprefix("base_model.model.").replace(".default.", ".")
