from abc import ABC, abstractmethod


class BaseModelLoader(ABC):
    def __init__(self, load_config):
        self.load_config = load_config

    @abstractmethod
    def download_model(self, model_config):
        ...

    @abstractmethod
    def load_weights(self, model, model_config):
        ...
