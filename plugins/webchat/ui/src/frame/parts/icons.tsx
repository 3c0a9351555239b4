const icon = (path: string) => () => (
  <svg viewBox="0 0 24 24" aria-hidden="true" class="icon">
    <path d={path} />
  </svg>
);

export const ChatIcon = icon("M21 11.5a8.4 8.4 0 0 1-12.3 7.4L3 21l2.1-5.4A8.4 8.4 0 1 1 21 11.5ZM8.5 11.5h.01M12.5 11.5h.01M16.5 11.5h.01");
export const DownIcon = icon("M6 9.5l6 6 6-6");
export const SendIcon = icon("M12 19V5M5.5 11.5 12 5l6.5 6.5");
export const ClockIcon = icon("M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM12 7.5V12l3 2");
export const CheckIcon = icon("M5 12.5l4.5 4.5L19 7.5");
export const AlertIcon = icon("M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM12 8v4.5M12 16h.01");
export const LineIcon = icon("M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7ZM3 20c0-3.3 2.7-6 6-6s6 2.7 6 6M16 4.3a3.5 3.5 0 0 1 0 6.4M18 14.5c1.9 1 3 3 3 5.5");
export const FileIcon = icon("M14 3H7a2 2 0 0 0-2 2v14a2 2 0 0 0 2 2h10a2 2 0 0 0 2-2V8ZM14 3v5h5");
export const ClipIcon = icon("M20 11.5 12 19.4a5 5 0 0 1-7-7l8.4-8.5a3.3 3.3 0 0 1 4.7 4.7l-8.5 8.4a1.6 1.6 0 0 1-2.3-2.3l7.8-7.8");
export const CameraIcon = icon("M4 8h3.2l1.6-2.5h6.4L16.8 8H20a1.5 1.5 0 0 1 1.5 1.5v8A1.5 1.5 0 0 1 20 19H4a1.5 1.5 0 0 1-1.5-1.5v-8A1.5 1.5 0 0 1 4 8ZM12 10a3.3 3.3 0 1 0 0 6.6 3.3 3.3 0 0 0 0-6.6Z");
export const CloseIcon = icon("M6 6l12 12M18 6 6 18");
export const ReplyIcon = icon("M9.5 6 4 11.5 9.5 17M4 11.5h10a6 6 0 0 1 6 6V18");
export const StarIcon = icon("m12 3.5 2.6 5.6 6.1.7-4.5 4.1 1.2 6-5.4-3-5.4 3 1.2-6L3.3 9.8l6.1-.7Z");
export const MoreIcon = icon("M5.5 11.5v1M12 11.5v1M18.5 11.5v1");
