/** What the network is made of. */
import type { Topic } from "./corpus.ts";

export const networkTopics: readonly Topic[] = [
  {
    questions: [
      "What is Monkey Troop?",
      "What's Monkey Troop?",
      "What does Monkey Troop do?",
      "Tell me about Monkey Troop",
      "Explain Monkey Troop",
      "How does Monkey Troop work?",
      "Monkey Troop",
      "What is this?",
    ],
    answer:
      "People lend their idle GPUs to one another. You earn credits by the second while your machine serves, and spend them on other people's GPUs through an OpenAI-compatible API on localhost.",
  },
  {
    questions: [
      "What is the coordinator?",
      "What's the coordinator?",
      "What is a coordinator?",
      "What does the coordinator do?",
      "Tell me about the coordinator",
    ],
    answer:
      "The coordinator introduces clients to nodes, signs tickets and keeps the ledger. Prompts and answers never reach it.",
  },
  {
    questions: [
      "What is a worker?",
      "What's a worker?",
      "What does a worker do?",
      "What is a node?",
      "Tell me about workers",
    ],
    answer:
      "A node is an enrolled machine, and its worker is the process that serves. It checks tickets, hands requests to a local engine, counts the work and signs for it.",
  },
  {
    questions: [
      "What is the sidecar?",
      "What's the sidecar?",
      "What is the client?",
      "What does the sidecar do?",
      "What does troop up do?",
    ],
    answer:
      "The sidecar is the small server that troop up starts on your own machine. It speaks the OpenAI API, picks a node, carries the ticket and seals your prompt.",
  },
  {
    questions: [
      "What is a heartbeat?",
      "What's a heartbeat?",
      "How does the coordinator know who is online?",
      "How often does a worker report?",
    ],
    answer:
      "Every ten seconds a worker signs a heartbeat with its status, models and load. After three missed ones it is no longer listed.",
  },
  {
    questions: [
      "What is a relay?",
      "What's a relay?",
      "Do I need an open port?",
      "Do I need a VPN?",
      "Does it work behind a router?",
      "Does it work behind NAT?",
    ],
    answer:
      "No open port and no VPN are needed to begin. A worker that nobody can reach dials out to a relay, which passes on sealed bytes and keeps nothing.",
  },
  {
    questions: [
      "What is a troop?",
      "What's a troop?",
      "What is a private troop?",
      "Can I make a private network?",
      "How do I share only with friends?",
    ],
    answer:
      "A troop is a private network with members of its own. Somebody sends you a link, and troop join lets you in.",
  },
  {
    questions: [
      "Which engines are supported?",
      "What engines can I use?",
      "Does it work with Ollama?",
      "Does it work with vLLM?",
      "Does it work with LM Studio?",
      "Can I use llama.cpp?",
      "What is an engine?",
    ],
    answer:
      "A worker can lend Ollama, vLLM, LM Studio, SGLang or llama-server. Without any of them it can run the built-in llama.cpp.",
  },
];
