"""Clients that ask again and again over connections that they keep, and write down what did not go well."""

import itertools
import threading

import httpx

BODY = {"instances": [[0.5] * 8]}


class Load:
    """Predictions without a pause, without a second try.

    Args:
        url: Of the balancer.
        models: Whose default versions are asked, in turn.
        clients: How many ask at one time.
    """

    def __init__(self, url: str, *models: str, clients: int) -> None:
        self.failures: list[str] = []
        self._paths = [f"{url}/v1/models/{model}:predict" for model in models]
        self._counts = [0] * clients
        self._ending = threading.Event()
        self._threads = [threading.Thread(target=self._ask, args=(number,)) for number in range(clients)]
        for thread in self._threads:
            thread.start()

    @property
    def answered(self) -> int:
        """How many predictions came so far."""
        return sum(self._counts)

    def end(self) -> None:
        """Stop asking."""
        self._ending.set()
        for thread in self._threads:
            thread.join()

    def _ask(self, number: int) -> None:
        paths = itertools.cycle(self._paths)
        with httpx.Client(timeout=30, trust_env=False) as client:
            while not self._ending.wait(0.005):
                try:
                    answer = client.post(next(paths), json=BODY)
                except httpx.HTTPError as error:
                    self.failures.append(repr(error))
                    continue
                if answer.status_code == httpx.codes.OK:
                    self._counts[number] += 1
                else:
                    self.failures.append(f"{answer.status_code} {answer.url.path} {answer.text}")
