from .csv_files import CSV as CSV
from .mlflow import MLflow as MLflow
from .protocol import EpochRecord as EpochRecord
from .protocol import Logger as Logger
from .protocol import Run as Run
from .tensorboard import TensorBoard as TensorBoard
from .trackio import Trackio as Trackio
from .wandb import WandB as WandB
