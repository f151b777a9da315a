"""What a user would run instead: the loop of torchvision's references/classification (PIL, float32, contiguous, SGD)."""
import baseline_loop

options = baseline_loop.arguments(__doc__, workers=2)

import torch  # noqa: E402  (--help need not wait for it)
from torchvision import datasets, transforms  # noqa: E402

if options.precision != "float32":
    raise SystemExit("the reference loop computes in float32")
torch.manual_seed(options.seed)
torch.set_num_threads(options.threads)
finish = [transforms.ToTensor(), transforms.Normalize(baseline_loop.MEAN, baseline_loop.STD)]
train_transform = [] if options.no_augment else [transforms.RandomResizedCrop(224), transforms.RandomHorizontalFlip()]
valid_transform = [] if options.no_augment else [transforms.Resize(256), transforms.CenterCrop(224)]
train_set = datasets.ImageFolder(options.data, transforms.Compose(train_transform + finish))
valid_set = datasets.ImageFolder(options.val, transforms.Compose(valid_transform + finish))
train_loader = torch.utils.data.DataLoader(train_set, options.batch, shuffle=True, num_workers=options.workers)
valid_loader = torch.utils.data.DataLoader(valid_set, options.batch, num_workers=options.workers)
model = baseline_loop.network(options, len(train_set.classes))
criterion = torch.nn.CrossEntropyLoss()
optimizer, schedule = baseline_loop.optimizer_and_schedule(model, options)

for epoch in range(options.epochs):
    model.train()
    train_loss = valid_loss = correct = 0.0
    for step, (images, labels) in enumerate(train_loader):
        loss = criterion(model(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        train_loss += loss.item() * len(labels)
        if epoch == step == 0:
            baseline_loop.say_first_step()
    schedule.step()
    model.eval()
    with torch.inference_mode():
        for images, labels in valid_loader:
            logits = model(images)
            valid_loss += criterion(logits, labels).item() * len(labels)
            correct += (logits.argmax(1) == labels).sum().item()
    baseline_loop.say_epoch(epoch, train_loss / len(train_set), valid_loss / len(valid_set), correct / len(valid_set))
